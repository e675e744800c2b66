// `trawl worker` for the campaign: with a high request limit for Descope, and a clock that the parent process moves.
import { main } from '../../dist/src/cli/main.js';
import { descope } from '../../dist/src/sources/descope/source.js';

const RealDate = Date;
let aheadMs = 0;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + aheadMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() + aheadMs;
  }
};
process.on('message', (message) => {
  aheadMs = message.aheadMs;
});
// The channel must not keep the process alive.
process.channel?.unref();

descope.requestLimit = { requests: 1_000, periodMs: 1_000 };
process.exitCode = await main(['worker']);
process.exit();
