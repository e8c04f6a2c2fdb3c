/** One stay in one meeting: joining, the lobby, the call, its end. */
export class Conference extends EventTarget {}
