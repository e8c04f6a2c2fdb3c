// Built from web/calling/src/session by `npm run build` in web/calling. Change it there.
