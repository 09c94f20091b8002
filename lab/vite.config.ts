import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';
import { lessons } from './making/lessons';
import { pack } from './making/pack';

export default defineConfig({
  plugins: [svelte(), lessons(), viteSingleFile({ removeViteModuleLoader: true }), pack()],
  build: { target: 'es2022', modulePreload: false, reportCompressedSize: false, chunkSizeWarningLimit: 2000 },
  worker: { format: 'es' },
});
