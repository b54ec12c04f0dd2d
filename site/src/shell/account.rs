//! The menu of the person: settings, the theme, the shortcuts.

use leptos::prelude::*;

use super::use_shell;
use crate::router::{Route, use_router};
use crate::state::use_front;
use crate::theme::Theme;
use crate::ui::{Icon, IconName, Menu, MenuItem};

/// A button with the person's and the workspace's name that opens the menu.
#[component]
pub fn AccountMenu() -> impl IntoView {
    let (front, router, shell) = (use_front(), use_router(), use_shell());
    let theme = RwSignal::new(Theme::kept());
    let choose = move |wanted: Theme| {
        wanted.choose();
        theme.set(wanted);
    };
    view! {
        <Menu label="Settings" named=true class="rail-button account" trigger=move || view! {
            <Icon name=IconName::Settings/>
            <span class="grow account-names">
                <span>{move || front.person.with(|person| person.name.clone())}</span>
                <small>{move || front.person.with(|person| person.workspace.clone())}</small><span class="sr">"Settings"</span>
            </span>
            <Icon name=IconName::More/>
        }>
            <MenuItem on:click=move |_| router.go(Route::Connectors) attr:data-leave=""><Icon name=IconName::Settings/>"Settings"</MenuItem>
            {move || front.person.with(|person| person.runs_workspace).then(|| view! {
                <MenuItem on:click=move |_| router.go(Route::General) attr:data-leave=""><Icon name=IconName::Shield/>"Workspace settings"</MenuItem>
            })}
            <MenuItem on:click=move |_| shell.shortcuts.set(true)><Icon name=IconName::Question/>"Keyboard shortcuts"</MenuItem>
            <hr/>
            <div class="grp" id="theme-label">"Theme"</div>
            <div role="group" aria-labelledby="theme-label">
                {Theme::ALL.map(|(option, word)| {
                    let icon = match option {
                        Theme::System => IconName::Monitor,
                        Theme::Light => IconName::Sun,
                        Theme::Dark => IconName::Moon,
                    };
                    view! {
                        <button type="button" class="menu-item" role="menuitemradio" tabindex="-1"
                            aria-checked=move || (theme.get() == option).to_string() on:click=move |_| choose(option)>
                            <Icon name=icon/><span class="grow">{word}</span>
                            <span class="menu-check"><Icon name=IconName::Check size=16/></span>
                        </button>
                    }
                }).collect_view()}
            </div>
        </Menu>
    }
}
