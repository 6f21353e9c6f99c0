/** Notifications at the top of the page about completed actions. */
import { createContext, useContext } from 'react'

export interface Notification {
  readonly type: 'success' | 'error' | 'warning' | 'info'
  readonly header: string
  readonly text?: string
}

export const NotifyContext = createContext<(notification: Notification) => void>(() => undefined)

export function useNotify(): (notification: Notification) => void {
  return useContext(NotifyContext)
}
