import { build } from '../../scripts/setup.mjs';

/** Replays run the bundle, and some tests the command: an old one would not fit the sources. */
export default function setup(): void {
  build();
}
