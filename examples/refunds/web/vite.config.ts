import { defineConfig } from 'vite'

// biome-ignore lint/style/noDefaultExport: Vite reads it
export default defineConfig({
  build: {
    rolldownOptions: {
      // Some packages say 'use client', which means nothing in a page that is all client.
      onwarn(warning, warn) {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning)
      },
    },
  },
})
