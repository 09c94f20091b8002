// Pictures to take away: SVG text, and PNG drawn from it. Names from tables are text there, too: escaped.

import type { Data } from '../engine/types';
import { classColour, colour } from './colour';
import { lab } from './lab.svelte';
import { curve, layout, strongest, weightOf } from './layout';
import { ends, outerNames, shortened } from './names';
import { page, say } from './page.svelte';
import type { Run } from './run.svelte';
import { hand } from './saving';
import { className } from './scores';
import { coloured, seen, type Seen } from './seen';

export const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const INK = { light: '#22262b', dark: '#e8eaed' };
const PICTURE = 400; // pixels of a picture alone
const LETTERS = 15; // of a name beside the network
const PAPER = { light: '#ffffff', dark: '#1b1f24' };

export function svg(width: number, height: number, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="${INK[page.theme]}">`
    + `<rect width="100%" height="100%" fill="${PAPER[page.theme]}"/>${content}</svg>`;
}

/** What a unit looks like as a PNG for an SVG to hold. */
export function painted(picture: Seen): string {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [picture.width, picture.height];
  const context = canvas.getContext('2d')!, image = context.createImageData(canvas.width, canvas.height);
  coloured(image.data, picture, page.theme);
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
const imageAt = (at: string, picture: Seen): string => `<image ${at} preserveAspectRatio="none"${picture.smooth ? '' : ' style="image-rendering:pixelated"'} href="${painted(picture)}"/>`;

/** Values alone, in large. */
export const pictureSvg = (picture: Seen): string => svg(PICTURE, PICTURE, imageAt(`width="${PICTURE}" height="${PICTURE}"`, picture));

/** The network as it is drawn, without what is there to be clicked. */
export function networkSvg(run: Run): string {
  const [width, height] = [960, 560];
  const { data, settings, state } = run;
  const shape = { nIn: data.nIn, layers: settings.layers, image: data.image !== null };
  const shown = strongest(shape, state, [12, ...settings.layers.map(() => 12)]), names = outerNames(data, shown, { left: LETTERS, right: LETTERS }, shortened);
  const place = layout(shape, width, height, shown, 1, { left: 120, right: 120 });
  const most = settings.layers.map((_, l) => Math.max(1e-9, ...place.links.filter((link) => link.layer === l).map((link) => Math.abs(weightOf(shape, state, link)))));
  const links = place.links.map((link) => {
    const w = weightOf(shape, state, link), share = Math.abs(w) / most[link.layer];
    const stroke = shape.image && link.layer === 0 ? INK[page.theme] : colour(w >= 0 ? 0.62 : -0.62, page.theme);
    return `<path d="${curve(link)}" fill="none" stroke="${stroke}" stroke-width="${(0.4 + 5 * share).toFixed(2)}" opacity="${(0.25 + 0.65 * share).toFixed(2)}"/>`;
  });
  const view = lab.view(run);
  const units = place.columns.flatMap((column, c) => column.units.map((unit, i) => {
    const [x, y] = [unit.x - unit.size / 2, unit.y - unit.size / 2];
    const at = `x="${x}" y="${y}" width="${unit.size}" height="${unit.size}"`;
    const picture = seen(view, unit.layer, unit.unit);
    const bias = c && settings.bias ? `<rect x="${x - 4}" y="${y + unit.size - 7}" width="11" height="11" rx="3" fill="${colour(Math.max(-0.8, Math.min(0.8, state.biases[c - 1][unit.unit])), page.theme)}" stroke="#868d97" stroke-width="1.5"/>` : '';
    const end = c === 0 || c === place.columns.length - 1;
    const label = end && !(shape.image && c === 0)
      ? `<text x="${unit.x + (c ? 1 : -1) * (unit.size / 2 + 8)}" y="${unit.y + 4}" text-anchor="${c ? 'start' : 'end'}">${escaped((c ? names.right : names.left)[i])}</text>` : '';
    return `<rect ${at} rx="8" fill="${PAPER[page.theme]}"/>${picture ? imageAt(at, picture) : ''}<rect ${at} rx="8" fill="none" stroke="#868d97" stroke-width="2"/>${bias}${label}`;
  }));
  const heads = place.columns.slice(1).map((column, c) => `<text x="${column.x}" y="24" text-anchor="middle">${settings.layers[c].units} · ${escaped(settings.layers[c].activation)}</text>`);
  return svg(width, height, [...links, ...units, ...heads].join(''));
}

/** What stands on the page as an SVG, with its colours written out. */
export function standing(element: SVGSVGElement): string {
  const copy = element.cloneNode(true) as SVGSVGElement;
  const box = element.hasAttribute('viewBox') ? element.viewBox.baseVal : element.getBoundingClientRect();
  const [from, to] = [element.querySelectorAll('*'), copy.querySelectorAll('*')];
  from.forEach((each, i) => {
    const style = getComputedStyle(each);
    for (const name of ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font-size', 'text-anchor']) to[i].setAttribute(name, style.getPropertyValue(name));
    to[i].removeAttribute('class');
  });
  return svg(Math.round(box.width), Math.round(box.height), copy.innerHTML);
}

/** What a network takes for what: rows are what it is, columns what was said. */
export function confusionSvg(data: Data, all: number[][], classes: number[]): string {
  const counts = classes.map((k) => classes.map((i) => all[k][i])), names = classes.map((k) => ends(className(data, k), 24)), most = Math.max(1, ...counts.flat());
  const [cell, line] = [56, 30], left = 20 + Math.max(say('is_said').length, ...names.map((name) => name.length)) * 8, top = 30 + Math.max(...names.map((name) => name.length)) * 5;
  const cells = counts.flatMap((row, k) => row.map((count, i) => {
    const [x, y] = [left + i * cell, top + k * line];
    const fill = count ? colour((i === k ? -0.3 : 0.3) * Math.sqrt(count / most), page.theme) : 'none';
    return `<rect x="${x + 1}" y="${y + 1}" width="${cell - 2}" height="${line - 2}" rx="4" fill="${fill}"/><text x="${x + cell / 2}" y="${y + 20}" text-anchor="middle"${i === k ? ' font-weight="600"' : ''}>${count}</text>`;
  }));
  const is = names.map((name, k) => `<text x="${left - 10}" y="${top + k * line + 20}" text-anchor="end">${escaped(name)}</text>`);
  const answered = names.map((name, i) => `<text transform="translate(${left + i * cell + cell / 2} ${top - 8}) rotate(-35)">${escaped(name)}</text>`);
  return svg(left + counts.length * cell + 70, top + counts.length * line + 14, `<text x="${left - 10}" y="${top - 8}" text-anchor="end" fill="#868d97">${escaped(say('is_said'))}</text>${answered.join('')}${is.join('')}${cells.join('')}`);
}

/** A plane with its rows as dots. */
export function scatterSvg(image: string, dots: { x: number; y: number; k: number }[], names: { x: string; y: string }): string {
  const [left, side, foot] = [40, 400, 40];
  const circles = dots.map((dot) => `<circle cx="${(left + dot.x * side).toFixed(1)}" cy="${(10 + dot.y * side).toFixed(1)}" r="3.2" fill="${classColour(dot.k, page.theme)}" stroke="${PAPER[page.theme]}"/>`);
  return svg(left + side + 10, side + 10 + foot,
    `<image x="${left}" y="10" width="${side}" height="${side}" preserveAspectRatio="none" href="${image}"/>${circles.join('')}`
    + `<text x="${left + side / 2}" y="${side + 34}" text-anchor="middle">${escaped(names.x)}</text><text transform="translate(22 ${10 + side / 2}) rotate(-90)" text-anchor="middle">${escaped(names.y)}</text>`);
}

export const handSvg = (name: string, content: string): void => hand(`${name}.svg`, content, 'image/svg+xml');

export async function handPng(name: string, content: string): Promise<void> {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(content)}`;
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = 2 * picture.naturalWidth;
  canvas.height = 2 * picture.naturalHeight;
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => blob && hand(`${name}.png`, blob, 'image/png'));
}
