export interface Lockfile {
  packages: Record<string, { version?: string; dev?: boolean; optional?: boolean; license?: string }>;
}
export interface RuntimePackage {
  /** As `name@version`. */
  id: string;
  licence: string;
}
export function runtime(lock?: Lockfile): { manifest: object; lock: Lockfile };
export function runtimePackages(lock?: Lockfile): RuntimePackage[];
