//! By what the record is narrowed down. It stays from one tab to the next, and an export takes what it leaves.

use browser::policy::audit::Decided;
use browser::policy::{Class, ConnectorId, GrantId, MemberId};
use browser::{RecordFilter, RecordPart};
use leptos::prelude::*;

use crate::connectors::plural;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Choice, Field, class_word};

const DAY: f64 = 86_400_000.0;
const CLASSES: [Class; 3] = [Class::Read, Class::Write, Class::Destructive];

/// What is chosen. Copy; in context of the settings.
#[derive(Clone, Copy)]
pub(crate) struct Filters {
    chosen: RwSignal<RecordFilter>,
    /// What is looked for among the approvals.
    pub(crate) approvals: RwSignal<String>,
}

impl Filters {
    /// Nothing is chosen.
    pub(crate) fn new() -> Self {
        Filters { chosen: RwSignal::new(RecordFilter::default()), approvals: RwSignal::new(String::new()) }
    }

    /// From now on only the calls that this remembered answer allowed.
    pub(crate) fn by_grant(self, id: GrantId) {
        self.chosen.set(RecordFilter { grant: Some(id), ..RecordFilter::default() });
    }

    /// What is chosen, as far as it is about one kind of line. Tracks.
    pub(super) fn wanted(self, part: RecordPart) -> RecordFilter {
        self.chosen.with(|chosen| match part {
            RecordPart::Changes => RecordFilter {
                part,
                person: chosen.person.clone(),
                from: chosen.from,
                until: chosen.until,
                ..RecordFilter::default()
            },
            RecordPart::Questions => RecordFilter {
                part,
                person: chosen.person.clone(),
                connector: chosen.connector.clone(),
                from: chosen.from,
                until: chosen.until,
                ..RecordFilter::default()
            },
            // No answer allowed what was not made.
            RecordPart::Refusals => RecordFilter { part, grant: None, ..chosen.clone() },
            RecordPart::Calls => RecordFilter { part, ..chosen.clone() },
        })
    }

    /// Whether anything is chosen. Tracks.
    pub(super) fn any(self, part: RecordPart) -> bool {
        self.wanted(part) != RecordFilter { part, ..RecordFilter::default() }
    }
}

/// The fields of the filter.
#[component]
pub(super) fn FilterBar(
    /// The kind of lines that it is about.
    part: RecordPart,
) -> impl IntoView {
    let app = use_state();
    let filters = expect_context::<Filters>();
    let chosen = filters.chosen;
    let calls = matches!(part, RecordPart::Calls | RecordPart::Refusals);
    let set = move |change: &dyn Fn(&mut RecordFilter)| chosen.update(|filter| change(filter));
    let people = move || {
        app.rulebook
            .with(|book| book.members.iter().map(|one| (one.id.to_string(), one.name.clone())).collect::<Vec<_>>())
    };
    let connectors = move || {
        app.rulebook.with(|book| {
            book.connectors
                .iter()
                .map(|one| (one.id.to_string(), format!("{} · {}", one.name, one.host)))
                .collect::<Vec<_>>()
        })
    };
    let decisions: Vec<(String, String)> = Decided::ALL
        .into_iter()
        .filter(|one| part == RecordPart::Calls || *one >= Decided::Denied)
        .map(|one| (one.label().to_owned(), one.label().to_owned()))
        .collect();
    let classes: Vec<(String, String)> = [Class::Read, Class::Write, Class::Destructive]
        .map(|one| (class_word(one).to_owned(), class_word(one).to_owned()))
        .into();
    let actions = move || {
        app.rulebook.with(|book| {
            let wanted = chosen.with(|filter| filter.connector.clone());
            let of = book.connectors.iter().filter(|one| wanted.as_ref().is_none_or(|id| *id == one.id));
            let mut names: Vec<String> = of.flat_map(|one| one.actions()).map(|one| one.name().to_owned()).collect();
            names.sort_unstable();
            names.dedup();
            names.truncate(500);
            names
        })
    };
    let list = crate::ui::unique("actions");
    let names = list.clone();
    let set_person = move |value: Option<String>| set(&|filter| filter.person = value.clone().map(MemberId::from));
    let set_connector =
        move |value: Option<String>| set(&|filter| filter.connector = value.clone().map(ConnectorId::from));
    let set_decided = move |value: Option<String>| {
        let decided = Decided::ALL.into_iter().find(|one| Some(one.label()) == value.as_deref());
        set(&|filter| filter.decided = decided);
    };
    let set_class = move |value: Option<String>| {
        let class = CLASSES.into_iter().find(|one| Some(class_word(*one)) == value.as_deref());
        set(&|filter| filter.class = class);
    };
    let from = move |day: Option<f64>| set(&|filter| filter.from = day.map(|day| day as u64));
    let until = move |day: Option<f64>| set(&|filter| filter.until = day.map(|day| (day + DAY - 1.0) as u64));
    let all = app.ws().sees_all_of_record();
    let me = app.ws().me();
    let mine = {
        let me = me.clone();
        move || chosen.with(|filter| filter.person.as_ref() == Some(&me))
    };
    view! {
        <details class="filters" prop:open=filters.any(part)>
            <summary>"Filter"{move || filters.any(part).then_some(" · on")}</summary>
            <div class="filter-fields">
                {all.then(|| view! {
                    <Choice label="Person" all="Everyone" options=Signal::derive(people)
                        value=Signal::derive(move || chosen.with(|filter| filter.person.as_ref().map(ToString::to_string)))
                        on_change=set_person/>
                })}
                {(part != RecordPart::Changes).then(|| view! {
                    <Choice label="Connector" all="All connectors" options=Signal::derive(connectors)
                        value=Signal::derive(move || chosen.with(|filter| filter.connector.as_ref().map(ToString::to_string)))
                        on_change=set_connector/>
                })}
                {calls.then(|| view! {
                    <Field label="Action" let:field>
                        <input id=field.id class="input" list=list autocomplete="off" spellcheck="false" placeholder="its exact name"
                            prop:value=move || chosen.with(|filter| filter.action.clone().unwrap_or_default())
                            on:change=move |event| {
                                let name = event_target_value(&event).trim().to_owned();
                                set(&|filter| filter.action = Some(name.clone()).filter(|name| !name.is_empty()));
                            }/>
                    </Field>
                    <datalist id=names>{move || actions().into_iter().map(|name| view! { <option value=name></option> }).collect_view()}</datalist>
                    <Choice label="Decision" all="Every decision" options=Signal::stored(decisions)
                        value=Signal::derive(move || chosen.with(|filter| filter.decided.map(|one| one.label().to_owned())))
                        on_change=set_decided/>
                    <Choice label="Class" all="Every class" options=Signal::stored(classes)
                        value=Signal::derive(move || chosen.with(|filter| filter.class.map(|one| class_word(one).to_owned())))
                        on_change=set_class/>
                })}
                {(part == RecordPart::Calls).then(|| view! {
                    <Field label="Grant" let:field>
                        <input id=field.id class="input mono" autocomplete="off" spellcheck="false" placeholder="its id"
                            prop:value=move || chosen.with(|filter| filter.grant.as_ref().map(ToString::to_string).unwrap_or_default())
                            on:change=move |event| {
                                let id = event_target_value(&event).trim().to_owned();
                                set(&|filter| filter.grant = Some(id.clone()).filter(|id| !id.is_empty()).map(GrantId::from));
                            }/>
                    </Field>
                })}
                <Day label="From" value=Signal::derive(move || chosen.with(|filter| filter.from))
                    on_change=from/>
                <Day label="Until" value=Signal::derive(move || chosen.with(|filter| filter.until))
                    on_change=until/>
            </div>
            <div class="row">
                {all.then(|| view! {
                    <label class="check"><input type="checkbox" prop:checked=mine on:change=move |event| {
                        let only = event_target_checked(&event);
                        let me = me.clone();
                        set(&|filter| filter.person = only.then(|| me.clone()));
                    }/><span>"See only mine"</span></label>
                })}
                <Button look=ButtonLook::Quiet small=true on:click=move |_| chosen.set(RecordFilter::default())>"Clear filter"</Button>
            </div>
        </details>
    }
}

/// A day in the person's own calendar, given as its first millisecond.
#[component]
fn Day(
    /// What it is.
    label: &'static str,
    /// A moment of the day.
    #[prop(into)]
    value: Signal<Option<u64>>,
    /// The first millisecond of the day that the person chooses.
    #[prop(into)]
    on_change: Callback<Option<f64>>,
) -> impl IntoView {
    let shown = move || value.get().map(iso).unwrap_or_default();
    view! {
        <Field label=label let:field>
            <input id=field.id class="input" type="date" prop:value=shown
                on:change=move |event| on_change.run(midnight(&event_target_value(&event)))/>
        </Field>
    }
}

/// The first millisecond of a day written as `2026-11-26`, here.
fn midnight(day: &str) -> Option<f64> {
    let mut parts = day.split('-').map(|part| part.parse::<i32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let date = js_sys::Date::new_with_year_month_day(u32::try_from(year).ok()?, month - 1, day);
    Some(date.get_time()).filter(|time| time.is_finite())
}

/// The day of a moment, here, as a date field has it.
fn iso(millis: u64) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(millis as f64));
    format!("{:04}-{:02}-{:02}", date.get_full_year(), date.get_month() + 1, date.get_date())
}

/// How many of something are chosen, in words for an export.
pub(super) fn counted(count: u64, part: RecordPart) -> String {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    plural(count, super::noun(part, 1))
}
