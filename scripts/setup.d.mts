export const root: string;
export function requireNode(): void;
export function install(): void;
export function build(): void;
