/** Said below a secret that was made. */
export const shownOnce = 'The ClientSecret is shown this once, and kept as a hash only: hand it over now.\n'
