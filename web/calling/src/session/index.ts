/** What the pages of Anteroom share with this package: signaling, media, one stay in one meeting. */
export {};
