/** Values that no limit header should have. */
export const NONSENSE = ['negative', 'huge', 'nan', 'empty', 'year_9999'] as const;
