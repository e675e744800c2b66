import { it } from 'vitest';
import { linkStyles } from '../../demo/asa/links.js';
import { TestCollection } from '../support/collection.js';

it.each(linkStyles.filter((style) => style !== 'foreign-host'))('follows links in the style %s', async (linkStyle) => {
  const collection = await TestCollection.start({ events: 1_000, linkStyle }, { SEARCH_COUNT: '50' });
  await collection.collect();
  await collection.expectComplete();
});
