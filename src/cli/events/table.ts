import type { StoredEvent } from '../../domain.js';
import { painter, type Style } from '../colour.js';
import { type Column, cellsOf, columnsThatFit, gap, type Room } from '../fit.js';
import { localTime, namesIn, targetOf } from './cells.js';

interface EventColumn extends Omit<Column, 'cells'> {
  cell(event: StoredEvent): string;
  style?: Style;
}

export interface TableLook {
  /** All columns, with everything in them. */
  wide: boolean;
  /** True if events of several collectors may come. */
  several: boolean;
  /** Of the terminal. */
  columns: number;
  /** True if more events may come than those that are there at first. */
  goesOn: boolean;
}

function narrow(several: boolean): EventColumn[] {
  const ofEach: EventColumn[] = [
    { heading: 'LOCAL TIME', cell: ({ timestamp }) => localTime(timestamp), style: 'dim' },
    { heading: 'TYPE', cell: ({ type }) => type, usual: 28, cutTo: 8, style: 'cyan' },
    { heading: 'ACTOR', cell: ({ actor }) => namesIn(actor) || '-', usual: 20, cutTo: 6, style: 'green' },
    { heading: 'TARGET', cell: (event) => targetOf(event) || '-', usual: 24, cutTo: 6 },
    { heading: 'FROM', cell: ({ fromAddr }) => fromAddr || '-', usual: 15, cutTo: 11 },
  ];
  const whose: EventColumn = { heading: 'COLLECTOR', cell: ({ collector }) => collector, usual: 12, cutTo: 6 };
  const number: EventColumn = { heading: 'SEQ', cell: ({ seq }) => String(seq), dispensable: 1, style: 'dim' };
  return [...ofEach, ...(several ? [whose] : []), number];
}

const wide: EventColumn[] = [
  { heading: 'COLLECTOR', cell: ({ collector }) => collector },
  { heading: 'SEQ', cell: ({ seq }) => String(seq), style: 'dim' },
  { heading: 'LOCAL TIME', cell: ({ timestamp }) => localTime(timestamp), style: 'dim' },
  { heading: 'TIMESTAMP', cell: ({ timestamp }) => timestamp, style: 'dim' },
  { heading: 'TYPE', cell: ({ type }) => type, style: 'cyan' },
  { heading: 'ACTOR', cell: ({ actor }) => actor, style: 'green' },
  { heading: 'USER', cell: ({ user }) => user },
  { heading: 'SERVER', cell: ({ server }) => server },
  { heading: 'HOSTNAME', cell: ({ hostname }) => hostname },
  { heading: 'FROM', cell: ({ fromAddr }) => fromAddr },
  { heading: 'CLIENT', cell: ({ client }) => client },
  { heading: 'GATEWAY', cell: ({ gateway }) => gateway },
  { heading: 'PROJECT', cell: ({ project }) => project },
  { heading: 'GROUP', cell: ({ group }) => group },
  { heading: 'COLLECTED AT', cell: ({ collectedAt }) => collectedAt, style: 'dim' },
  { heading: 'ID', cell: ({ id }) => id },
];

/**
 * Makes the lines of a table of events, page by page. The first events decide the widths; then a heading comes before
 * them.
 */
export function eventTable(look: TableLook): (events: readonly StoredEvent[]) => string {
  const paint = painter();
  let shown: { column: EventColumn; width: number }[] = [];
  const line = (texts: readonly string[], styleOf: (column: EventColumn) => Style | undefined) => {
    const cells = cellsOf(texts, shown, !look.wide);
    // Nothing follows the last cell.
    cells.push(cells.pop()!.trimEnd());
    return `${cells.map((cell, index) => paint(styleOf(shown[index]!.column), cell)).join(gap)}\n`;
  };
  return (events) => {
    if (events.length === 0) return '';
    let heading = '';
    if (shown.length === 0) {
      shown = widthsFor(events, look);
      const headings = shown.map(({ column }) => column.heading);
      heading = line(headings, () => 'bold');
    }
    const rows = events.map((event) => {
      const texts = shown.map(({ column }) => column.cell(event));
      return line(texts, ({ style }) => style);
    });
    return heading + rows.join('');
  };
}

function widthsFor(events: readonly StoredEvent[], look: TableLook): { column: EventColumn; width: number }[] {
  const columns = (look.wide ? wide : narrow(look.several)).map((column) => ({
    ...column,
    cells: events.map((event) => column.cell(event)),
  }));
  const room: Room = look.wide
    ? { columns: Number.POSITIVE_INFINITY, cuts: false }
    : { columns: look.columns, cuts: true };
  if (look.goesOn) for (const column of columns) column.cells.push(' '.repeat(column.usual ?? 0));
  return columnsThatFit(columns, room);
}
