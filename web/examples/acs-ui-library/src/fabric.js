// Before anything of Fluent is loaded: its fonts are not to be fetched from Microsoft's servers.
window.FabricConfig = { fontBaseUrl: '' };
