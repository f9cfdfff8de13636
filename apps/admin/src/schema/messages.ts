/** How long a message waits at the most, and by default. */
export const MESSAGE_TTL_SECONDS = 7 * 86_400;
