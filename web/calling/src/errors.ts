/** What methods of the API reject with: always an `Error`, with the numbers of the documented error tables. */
export class CommunicationError extends Error {
  constructor(
    message: string,
    /** As in HTTP, mostly; 0 where there is none. */
    readonly code: number = 0,
    /** Says more; see the ACS list of sub codes. */
    readonly subCode: number = 0,
  ) {
    super(message);
    this.name = 'CommunicationError';
  }
}
