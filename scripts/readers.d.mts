/** A folder for Python's path, which exists if the readers could be installed. */
export const readers: string;
