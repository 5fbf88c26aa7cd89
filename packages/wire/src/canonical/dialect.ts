/** Core names them, since the configuration does too; codecs and vendors say `Dialect` from here. */
export { DIALECTS, type Dialect } from '@keywell/core/snapshot/dialect';
