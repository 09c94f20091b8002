// What can be looked at, and how fast it can go.

import type { Text } from '../said';
import type { Key } from '../words';

export type Tab = 'row' | 'unit' | 'weight' | 'score' | 'surface' | 'health' | 'draw';
export interface UnitPlace { layer: number; unit: number } // layer −1: an input
export interface LinkPlace { layer: number; j: number; k: number } // k −1: the bias

export interface Said { key: Key; values: Record<string, Text>; kind: 'told' | 'wrong'; undo?: boolean; readings?: [text: string, encoding: string][]; again?(encoding: string): unknown }

export const SPEEDS: (number | 'full')[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 'full'];
