import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';
import { lessons } from './making/lessons';
import { mounted } from './making/mounted';
import { pack } from './making/pack';
import { sentences } from './making/sentences';

const VERSION = /^__version__ = "(.+)"/m.exec(readFileSync(resolve(import.meta.dirname, '../src/deltaw/__init__.py'), 'utf8'))![1];

export default defineConfig({
  define: { __VERSION__: JSON.stringify(VERSION) },
  plugins: [svelte(), mounted(), lessons(), sentences(), viteSingleFile({ removeViteModuleLoader: true }), pack()],
  build: { target: 'es2022', modulePreload: false, reportCompressedSize: false, chunkSizeWarningLimit: 2000 },
});
