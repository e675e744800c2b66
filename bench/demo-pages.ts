import { startDemoAsa } from '../demo/asa/server.js';
import { HttpClient } from '../src/http/client.js';
import { resolveCollector } from '../src/settings/collector.js';
import { asa } from '../src/sources/asa/source.js';
import type { FetchedPage } from '../src/sources/source.js';
import { settingsOfTeam, type Team } from './demo-teams.js';

/** The first full pages of the demo team, as a walk reads them, and the team, which has stopped by then. */
export async function demoPages(count: number, pageEvents: number): Promise<{ team: Team; pages: FetchedPage[] }> {
  const demo = await startDemoAsa({ events: count * pageEvents + 1 });
  const http = new HttpClient({}, {});
  try {
    const { team, keyId, keySecret, baseUrl } = demo;
    const made = { team, keyId, keySecret, baseUrl };
    const client = asa.open(resolveCollector('asa', [asa], {}, settingsOfTeam(made)).values, http);
    const pages: FetchedPage[] = [];
    for (let offset = ''; pages.length < count; offset = pages.at(-1)!.nextOffset)
      pages.push(await client.fetchPage(offset));
    return { team: made, pages };
  } finally {
    await http.close();
    await demo.close();
  }
}
