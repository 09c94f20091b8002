// One script for the page and its threads, so that what they share stands in it once.
import { mount } from 'svelte';
import App from './App.svelte';
import { prepare } from './engine';
import { work } from './engine/worker';
import { paint } from './painting/worker';
import { page } from './state/page.svelte';
import { watch } from './state/signs';
import type { Name } from './thread';
import './styles.css';

if (self.document) {
  page.begin();
  prepare();
  const target = document.getElementById('app')!;
  watch(target);
  mount(App, { target });
} else ({ engine: work, painter: paint })[self.name as Name](self as never);
