/** Codes of errors after which a write may have been done although nobody said so. */
export const lostAnswers = ['Timeout', 'Unavailable'] as const;
