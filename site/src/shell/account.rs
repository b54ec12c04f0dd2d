//! The menu of the person: settings, the theme, the shortcuts.

use leptos::prelude::*;

use super::use_shell;
use crate::router::{Route, use_router};
use crate::state::use_state;
use crate::theme::Theme;
use crate::ui::{Icon, IconName, Menu, MenuItem};

/// A button with the person's and the workspace's name that opens the menu.
#[component]
pub fn AccountMenu() -> impl IntoView {
    let (state, router, shell) = (use_state(), use_router(), use_shell());
    let names = Memo::new(move |_| {
        state.rulebook.with(|rules| {
            let me = state.ws().me();
            let name = rules
                .members
                .iter()
                .find(|member| member.id == me)
                .map(|member| member.name.clone())
                .unwrap_or_default();
            (name, rules.workspace.name.clone())
        })
    });
    let runs_workspace = Memo::new(move |_| {
        state.rulebook.with(|rules| rules.member(&state.ws().me()).is_ok_and(|member| member.role.runs_workspace()))
    });
    let theme = RwSignal::new(Theme::kept());
    let choose = move |wanted: Theme| {
        wanted.choose();
        theme.set(wanted);
    };
    view! {
        <Menu label="Settings" named=true class="rail-button account" trigger=move || view! {
            <Icon name=IconName::Settings/>
            <span class="grow account-names">
                <span>{move || names.get().0}</span>
                <small>{move || names.get().1}</small><span class="sr">"Settings"</span>
            </span>
            <Icon name=IconName::More/>
        }>
            <MenuItem on:click=move |_| router.go(Route::Connectors) attr:data-leave=""><Icon name=IconName::Settings/>"Settings"</MenuItem>
            {move || runs_workspace.get().then(|| view! {
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
