/** Drafts of forms. Drafts are kept in the tab's session storage until the form is submitted, so that they survive a reload. */
import { useEffect, useState } from 'react'

const prefix = 'signet.draft.'

export interface Draft<Value> {
  readonly value: Value
  readonly change: (changed: Partial<Value>) => void
  /** Removes the draft after the form has been submitted. The caller must leave the page after this call. */
  readonly clear: () => void
}

/** Returns the stored draft of a form, or the form's initial value. A draft must not contain secrets. */
export function useDraft<Value extends object>(name: string, initial: Value): Draft<Value> {
  const [value, setValue] = useState<Value>(() => ({ ...initial, ...storedDraft(name) }))
  useEffect(() => {
    if (JSON.stringify(value) === JSON.stringify(initial)) {
      sessionStorage.removeItem(prefix + name)
      return
    }
    try {
      sessionStorage.setItem(prefix + name, JSON.stringify(value))
    } catch {
      // A draft that exceeds the storage quota is lost when the page is reloaded.
    }
  }, [name, value, initial])
  return {
    value,
    change: (changed) => setValue((old) => ({ ...old, ...changed })),
    clear: () => sessionStorage.removeItem(prefix + name),
  }
}

function storedDraft(name: string): object {
  try {
    const draft: unknown = JSON.parse(sessionStorage.getItem(prefix + name) ?? '{}')
    return typeof draft === 'object' && draft !== null ? draft : {}
  } catch {
    return {}
  }
}
