import { mount } from 'svelte';
import App from './App.svelte';
import { watch } from './state/signs';
import './styles.css';

const target = document.getElementById('app')!;
watch(target);
mount(App, { target });
