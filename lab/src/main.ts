import { mount } from 'svelte';
import App from './App.svelte';
import { rememberPage } from './state/saving';
import './styles.css';

rememberPage(document.documentElement.outerHTML); // as it came: what Save writes again

mount(App, { target: document.getElementById('app')! });
