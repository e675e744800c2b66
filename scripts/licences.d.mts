import type { RuntimePackage } from './runtime.mjs';

export function refused(packages: RuntimePackage[]): string[];
export function page(packages: RuntimePackage[], bundle: string): string;
