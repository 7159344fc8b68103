import './policy';
import { mount } from 'svelte';
import App from './App.svelte';
import { language } from './language.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/widgets.css';

const target = document.getElementById('app');
language.begin();
if (target) mount(App, { target });
