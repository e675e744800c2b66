/** Ends the process if Node.js is too old, since `engines` in package.json only warns. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Trawl needs Node.js 20.19 or later; this is ${process.version}. Install a newer one and try again.`);
  process.exit(1);
}
