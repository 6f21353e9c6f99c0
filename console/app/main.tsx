/** Entry point of the web console. */
import '@cloudscape-design/global-styles/index.css'
import './console.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { takeCallback } from './sign-on.ts'
import { startTheme } from './theme.ts'

const received = takeCallback()
startTheme()
const root = document.querySelector('#root')
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App received={received} />
    </StrictMode>,
  )
