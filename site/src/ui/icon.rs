//! Icons as inline SVG: no request, no font, the colour of the text around them.

use leptos::prelude::*;

/// Every icon there is. They are drawn on a 20 by 20 grid with round strokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum IconName {
    Add,
    Back,
    Bell,
    Chat,
    Check,
    ChevronDown,
    ChevronRight,
    Clip,
    Close,
    Command,
    Edit,
    Menu,
    Monitor,
    Moon,
    More,
    Pause,
    Plug,
    Question,
    Search,
    Settings,
    Shield,
    Stop,
    Sun,
    Trash,
    Warning,
    Wire,
}

impl IconName {
    fn path(self) -> &'static str {
        match self {
            Self::Add => "M10 4v12M4 10h12",
            Self::Back => "M16 10H4M9 5l-5 5 5 5",
            Self::Bell => "M5 14h10l-1.2-2V9a3.8 3.8 0 0 0-7.6 0v3zM8.5 16.5h3",
            Self::Chat => {
                "M4 5.5A1.5 1.5 0 0 1 5.5 4h9A1.5 1.5 0 0 1 16 5.5v6a1.5 1.5 0 0 1-1.5 1.5H9l-4 3.5V13A1.5 1.5 0 0 1 4 11.5z"
            }
            Self::Check => "M4.5 10.5l3.5 3.5 7.5-8",
            Self::ChevronDown => "M5.5 8l4.5 4.5L14.5 8",
            Self::ChevronRight => "M8 5.5l4.5 4.5L8 14.5",
            Self::Clip => {
                "M14.5 9.5l-5 5a3.3 3.3 0 0 1-4.6-4.6l5.6-5.6a2.2 2.2 0 0 1 3.1 3.1l-5.3 5.3a1.1 1.1 0 0 1-1.6-1.5l4.6-4.7"
            }
            Self::Close => "M5 5l10 10M15 5L5 15",
            Self::Command => {
                "M7 7h6v6H7zM7 7H5.5A1.75 1.75 0 1 1 7 5.25zM13 7V5.5A1.75 1.75 0 1 1 14.75 7zM13 13h1.5a1.75 1.75 0 1 1-1.5 1.75zM7 13v1.5A1.75 1.75 0 1 1 5.25 13z"
            }
            Self::Edit => "M4 16l.8-3.2L13 4.6a1.4 1.4 0 0 1 2 0l.4.4a1.4 1.4 0 0 1 0 2L7.2 15.2z",
            Self::Menu => "M3.5 6h13M3.5 10h13M3.5 14h13",
            Self::Monitor => "M3.5 4.5h13v9h-13zM7.5 16.5h5M10 13.5v3",
            Self::Moon => "M15.5 12A6.5 6.5 0 0 1 8 4.5a6.5 6.5 0 1 0 7.5 7.5z",
            Self::More => "M4.5 10h.01M10 10h.01M15.5 10h.01",
            Self::Pause => "M7 5v10M13 5v10",
            Self::Plug => "M7 3v4M13 3v4M5 7h10v3a5 5 0 0 1-10 0zM10 15v3",
            Self::Question => "M7.5 7.5a2.5 2.5 0 1 1 3.6 2.25c-.7.35-1.1.85-1.1 1.75M10 14.5h.01",
            Self::Search => "M9 4a5 5 0 1 1 0 10A5 5 0 0 1 9 4zM12.7 12.7L16.5 16.5",
            Self::Settings => "M4 6h6M14 6h2M4 14h2M10 14h6M12 4v4M8 12v4",
            Self::Shield => "M10 3l6 2v5c0 3.5-2.5 6-6 7.5C6.5 16 4 13.5 4 10V5z",
            Self::Stop => "M6 6h8v8H6z",
            Self::Sun => {
                "M10 7a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM10 2.5v1.5M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 14.3l1 1M4.7 15.3l1-1M14.3 5.7l1-1"
            }
            Self::Trash => "M4 6h12M8 6V4h4v2M6 6l.6 10h6.8L14 6M8.7 9v4.5M11.3 9v4.5",
            Self::Warning => "M10 4l7 12H3zM10 9v3M10 14h.01",
            Self::Wire => "M3 7h12M12 4l3 3-3 3M17 13H5M8 10l-3 3 3 3",
        }
    }
}

/// An icon. It is decoration: whatever holds it carries the name.
#[component]
pub fn Icon(
    /// Which one.
    name: IconName,
    /// Width and height in CSS pixels.
    #[prop(default = 18)]
    size: u16,
) -> impl IntoView {
    view! {
        <svg width=size height=size viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d=name.path()/>
        </svg>
    }
}
