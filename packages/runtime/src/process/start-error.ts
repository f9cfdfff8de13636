/** A fault at start that its reader can mend: one line that says what is wrong and which setting changes it. */
export class StartError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "StartError";
  }
}

/** Turns a failed listen into a line that names the setting; other errors pass through. */
export function listenError(error: unknown, setting: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE")
    return new StartError(`port ${port} is in use; set ${setting} to another one, or to 0 for a free one`);
  if (code === "EACCES")
    return new StartError(`not allowed to listen on port ${port}; set ${setting} to a port above 1023`);
  if (code === "EADDRNOTAVAIL")
    return new StartError(`the address to listen on does not exist here; check the host setting beside ${setting}`);
  return error;
}
