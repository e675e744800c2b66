export const root: string;
export function requireNode(): void;
export function install(): void;
export function build(): void;

export interface LockedPackage {
  version?: string;
  integrity?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}
/** Packages by their paths. */
export type LockedPackages = Record<string, LockedPackage>;
export function holds(
  installed: LockedPackages,
  locked: LockedPackages,
  on?: { platform: string; arch: string },
): boolean;
