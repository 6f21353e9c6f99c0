/** Saves text or bytes as a file, using a URL that is valid only within the page. */
export function download(
  name: string,
  content: string | Uint8Array<ArrayBuffer>,
  type = 'application/octet-stream',
): void {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Converts a name to a valid file name. */
export function fileName(text: string): string {
  return text.replaceAll(/[^\w.-]+/g, '_').slice(0, 100) || 'certificate'
}
