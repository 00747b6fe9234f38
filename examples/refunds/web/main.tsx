import { createRoot } from 'react-dom/client'
import { ChatPage } from './chat-page.tsx'
import { ReviewPage } from './review-page.tsx'

const root = document.getElementById('root')
const page = location.pathname === '/review' ? <ReviewPage /> : <ChatPage />
if (root !== null) createRoot(root).render(page)
