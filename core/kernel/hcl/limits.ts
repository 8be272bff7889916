// Bounds of the readers, so that no text makes them run out of stack or drown its reader in messages.

/** Levels of objects and lists. The deepest real configuration has seven. */
export const MOST_LEVELS = 200;

/** Errors of one text after which reading stops, and warnings about one object. */
export const MOST_PROBLEMS = 30;
