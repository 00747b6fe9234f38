import { createRoot } from 'react-dom/client'
import { ChatPage } from './chat-page.tsx'
import { ReviewPage } from './review-page.tsx'

const root = document.getElementById('root')
const reviews = location.pathname === '/review'
document.title = reviews ? 'Reviews' : 'Support'
const page = reviews ? <ReviewPage /> : <ChatPage />
if (root !== null) createRoot(root).render(page)
