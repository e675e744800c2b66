import { writeFileSync } from 'node:fs';
import { makePlainManifest, noHelm, plainManifest } from './helm.js';

// `npm run manifests`: regenerates the plain manifest from the chart.
const made = makePlainManifest();
if (made === undefined) {
  console.error(noHelm);
  process.exitCode = 1;
} else writeFileSync(plainManifest, made);
