import { joinMeeting, missingFeatures } from '../media/index.ts';
import { mountPage } from './mountPage.tsx';

const root = document.querySelector('#page');
if (!root) throw new Error('index.html must have an element with the id "page"');
mountPage({ root, missingFeatures, joinMeeting });
