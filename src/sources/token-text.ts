import { z } from 'zod';

/** A token as a header can carry it. No server takes headers near this length, and a longer one is not looked into. */
export const tokenText = z
  .string()
  .max(65_536)
  .regex(/^[\x21-\x7e]+$/);
