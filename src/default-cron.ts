/** The article's interval. */
export const defaultCron = '*/5 * * * *';
