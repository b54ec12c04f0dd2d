//! A list of people as CSV (RFC 4180): out of the workspace, and into it after a look at what would change.
//!
//! Reading is strict: a row that is not understood is named with its line, and then nothing of the list is taken over. A
//! cell that a spreadsheet would take for a formula is written with an apostrophe in front, which reading takes off.

use crate::{
    Drafts, GroupId, Member, MemberId, Millis, NewMember, Role, RoleId, Rulebook, Why, csv, lifecycle::visible_name,
    people::is_email,
};
use std::collections::BTreeSet;

/// Largest list that is read, in bytes.
pub const LARGEST: usize = 2 * 1024 * 1024;
/// Most people in one list.
pub const MOST: usize = 10_000;
const HEAD: [&str; 6] = ["id", "name", "email", "role", "groups", "roles"];
/// What stands between two groups or roles in one cell.
const BETWEEN: char = ';';

/// One person of a list, with names that may not exist here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line of the list it begins at, from 1.
    pub line: usize,
    /// Their id in this workspace; empty for somebody new.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their mail address; empty when it is not known.
    pub email: String,
    /// What they are.
    pub role: Role,
    /// The names of their groups.
    pub groups: Vec<String>,
    /// The names of their custom roles.
    pub roles: Vec<String>,
}

/// Something in a list that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Problem {
    /// The line, from 1; 0 for the list as a whole.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// What taking a list over would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// The names of people who would be added.
    pub added: Vec<String>,
    /// The names of people who would be changed, with what would change.
    pub changed: Vec<(String, Vec<String>)>,
    /// The names of people who would be removed.
    pub removed: Vec<String>,
    /// What has to be put right first.
    pub problems: Vec<Problem>,
}

impl Preview {
    /// Whether there is something to do and nothing in the way.
    pub fn can_apply(&self) -> bool {
        self.problems.is_empty() && !(self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty())
    }
}

/// Reads a list.
///
/// # Errors
/// Everything that is not understood, line by line.
pub fn parse(text: &str) -> Result<Vec<Row>, Vec<Problem>> {
    let whole = |what: String| vec![Problem { line: 0, what }];
    if text.len() > LARGEST {
        return Err(whole(format!("the list is larger than {} MB; split it", LARGEST / 1024 / 1024)));
    }
    let records = records(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(|problem| vec![problem])?;
    let Some(((_, head), body)) = records.split_first() else {
        return Err(whole("the list is empty; its first line names the columns".to_owned()));
    };
    let head: Vec<String> = head.iter().map(|cell| cell.trim().to_ascii_lowercase()).collect();
    if let Some(unknown) = head.iter().find(|cell| !HEAD.contains(&cell.as_str())) {
        return Err(vec![Problem {
            line: 1,
            what: format!("there is no column `{unknown}`; use {}", HEAD.join(", ")),
        }]);
    }
    if head.iter().collect::<BTreeSet<_>>().len() < head.len() || !head.iter().any(|cell| cell == "name") {
        return Err(vec![Problem { line: 1, what: "name each column once, and have one called `name`".to_owned() }]);
    }
    if body.len() > MOST {
        return Err(whole(format!("the list has {} people; {MOST} can be taken over at a time", body.len())));
    }
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (line, cells) in body {
        match row(*line, &head, cells) {
            Ok(row) => rows.push(row),
            Err(what) => problems.push(Problem { line: *line, what }),
        }
    }
    problems.extend(doubles(&rows));
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

fn row(line: usize, head: &[String], cells: &[String]) -> Result<Row, String> {
    if cells.len() != head.len() {
        return Err(format!("{} cells where the first line has {}", cells.len(), head.len()));
    }
    let cell = |name: &str| {
        let found = head.iter().position(|column| column == name).and_then(|at| cells.get(at));
        found.map(|text| unguarded(text.trim()).to_owned()).unwrap_or_default()
    };
    let list = |name: &str| -> Vec<String> {
        cell(name).split(BETWEEN).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let name = visible_name(&cell("name")).map_err(|_| "a name is needed".to_owned())?;
    let email = cell("email");
    if !email.is_empty() && !is_email(&email) {
        return Err(Why::Email(email).to_string());
    }
    let role = match cell("role").to_ascii_lowercase().as_str() {
        "" | "member" => Role::Member,
        "admin" => Role::Admin,
        "owner" => Role::Owner,
        other => return Err(format!("there is no role `{other}`; use member, admin or owner")),
    };
    Ok(Row { line, id: cell("id"), name, email, role, groups: list("groups"), roles: list("roles") })
}

/// The same person twice.
fn doubles(rows: &[Row]) -> Vec<Problem> {
    let (mut ids, mut emails) = (BTreeSet::new(), BTreeSet::new());
    let again = |line, what: &str| Problem { line, what: format!("`{what}` is in the list twice") };
    let mut problems = Vec::new();
    for row in rows {
        if !row.id.is_empty() && !ids.insert(row.id.as_str()) {
            problems.push(again(row.line, &row.id));
        }
        if !row.email.is_empty() && !emails.insert(row.email.to_ascii_lowercase()) {
            problems.push(again(row.line, &row.email));
        }
    }
    problems
}

/// A record with the line it begins at.
type Record = (usize, Vec<String>);

/// Splits CSV into records. Empty lines are passed over.
fn records(text: &str) -> Result<Vec<Record>, Problem> {
    let mut records: Vec<Record> = Vec::new();
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut quoted, mut was_quoted, mut line, mut began) = (false, false, 1_usize, 1_usize);
    let mut chars = text.chars().peekable();
    let mut end = |cells: &mut Vec<String>, cell: &mut String, was_quoted: &mut bool, began: usize| {
        if !cells.is_empty() || !cell.is_empty() || *was_quoted {
            cells.push(std::mem::take(cell));
            records.push((began, std::mem::take(cells)));
        }
        *was_quoted = false;
    };
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            _ if quoted => cell.push(c),
            '"' if cell.is_empty() && !was_quoted => (quoted, was_quoted) = (true, true),
            '"' => {
                return Err(Problem {
                    line,
                    what: "a quote in the middle of a cell; put the whole cell in quotes".to_owned(),
                });
            }
            ',' => {
                cells.push(std::mem::take(&mut cell));
                was_quoted = false;
            }
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                end(&mut cells, &mut cell, &mut was_quoted, began);
                began = line;
            }
            _ if was_quoted => {
                return Err(Problem { line, what: "text after a closing quote; put a comma between cells".to_owned() });
            }
            _ => cell.push(c),
        }
    }
    if quoted {
        return Err(Problem { line: began, what: "a quote is opened and never closed".to_owned() });
    }
    end(&mut cells, &mut cell, &mut was_quoted, began);
    Ok(records)
}

/// An apostrophe in front keeps a formula from running; one that was there gets another, so that reading gives it back.
fn is_guarded(text: &str) -> bool {
    csv::is_formula(text) || text.starts_with('\'')
}

fn guarded(text: &str) -> String {
    if is_guarded(text) { csv::cell(&format!("'{text}")) } else { csv::cell(text) }
}

fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_guarded(rest)).unwrap_or(text)
}

impl Rulebook {
    /// The people of the workspace as a list.
    pub fn roster(&self) -> String {
        let mut text = format!("{}\r\n", HEAD.join(","));
        let joined = |names: Vec<&str>| names.join(&BETWEEN.to_string());
        for member in &self.members {
            let groups = member.groups.iter().filter_map(|id| self.group(id)).map(|group| group.name.as_str());
            let roles = member.roles.iter().filter_map(|id| self.role(id)).map(|role| role.name.as_str());
            let cells = [
                member.id.as_str(),
                &member.name,
                member.email.as_deref().unwrap_or_default(),
                &member.role.label().to_lowercase(),
                &joined(groups.collect()),
                &joined(roles.collect()),
            ];
            text.push_str(&cells.map(guarded).join(","));
            text.push_str("\r\n");
        }
        text
    }

    /// What taking a list over would do. `remove` removes everyone who is not in it.
    pub fn preview_roster(&self, by: &MemberId, rows: &[Row], remove: bool) -> Preview {
        let mut preview = Preview::default();
        let mut after = self.clone();
        let mut take = |problem: Result<(), Why>, line: usize| {
            if let Err(why) = problem {
                preview.problems.push(Problem { line, what: why.to_string() });
            }
        };
        for row in rows {
            match self.row_of(row) {
                None => {
                    preview.added.push(row.name.clone());
                    // The id is made when the list is taken over; here it only has to be one that nobody has.
                    take(after.take_row(by, row, MemberId::from(format!("line {}", row.line))), row.line);
                }
                Some(member) => {
                    let changes = self.changes(member, row);
                    if !changes.is_empty() {
                        preview.changed.push((member.name.clone(), changes));
                        take(after.take_row(by, row, member.id.clone()), row.line);
                    }
                }
            }
        }
        if remove {
            for member in self.missing(rows) {
                preview.removed.push(member.name.clone());
                take(after.remove_member(by, &member.id, Drafts::Archive, 0), 0);
            }
        }
        preview
    }

    /// Takes a list over, whole or not at all. `new_id` makes an id for somebody new.
    ///
    /// # Errors
    /// [`Why::Roster`] with the first thing that has to be put right.
    pub fn apply_roster(
        &mut self,
        by: &MemberId,
        rows: &[Row],
        remove: bool,
        mut new_id: impl FnMut() -> MemberId,
        now: Millis,
    ) -> Result<(), Why> {
        let mut after = self.clone();
        for row in rows {
            let id = self.row_of(row).map_or_else(&mut new_id, |member| member.id.clone());
            let taken = after.take_row(by, row, id);
            taken.map_err(|why| Why::Roster(format!("line {}: {why}", row.line)))?;
        }
        if remove {
            for member in self.missing(rows) {
                let removed = after.remove_member(by, &member.id, Drafts::Archive, now);
                removed.map_err(|why| Why::Roster(format!("{}: {why}", member.name)))?;
            }
        }
        *self = after;
        Ok(())
    }

    /// The person a row is about: by id, else by mail address.
    fn row_of(&self, row: &Row) -> Option<&Member> {
        let by_email = || {
            let same =
                |member: &&Member| member.email.as_deref().is_some_and(|one| one.eq_ignore_ascii_case(&row.email));
            self.members.iter().find(same)
        };
        match row.id.is_empty() {
            false => self.member(&MemberId::from(row.id.as_str())).ok(),
            true => by_email(),
        }
    }

    fn missing<'a>(&'a self, rows: &'a [Row]) -> Vec<&'a Member> {
        let there: BTreeSet<&MemberId> =
            rows.iter().filter_map(|row| self.row_of(row)).map(|member| &member.id).collect();
        self.members.iter().filter(|member| !there.contains(&member.id)).collect()
    }

    fn changes(&self, member: &Member, row: &Row) -> Vec<String> {
        let mut changes = Vec::new();
        if member.name != row.name {
            changes.push(format!("name to {}", row.name));
        }
        if member.email.as_deref().unwrap_or_default() != row.email {
            changes.push(if row.email.is_empty() {
                "no mail address".to_owned()
            } else {
                format!("mail address to {}", row.email)
            });
        }
        if member.role != row.role {
            changes.push(format!("from {} to {}", member.role.label(), row.role.label()));
        }
        let names = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect::<BTreeSet<String>>();
        let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<String>>();
        let groups =
            names(member.groups.iter().filter_map(|id| self.group(id)).map(|group| group.name.as_str()).collect());
        if groups != set(&row.groups) {
            changes.push(format!("groups to {}", listed(&row.groups)));
        }
        let roles = names(member.roles.iter().filter_map(|id| self.role(id)).map(|role| role.name.as_str()).collect());
        if roles != set(&row.roles) {
            changes.push(format!("custom roles to {}", listed(&row.roles)));
        }
        changes
    }

    /// Puts one row into the workspace, asking about every part of it as if it were done by hand.
    fn take_row(&mut self, by: &MemberId, row: &Row, id: MemberId) -> Result<(), Why> {
        if !row.id.is_empty() && row.id != id.as_str() {
            return Err(Why::UnknownMember(row.id.as_str().into()));
        }
        let groups = self.groups_named(&row.groups)?;
        let roles = self.roles_named(&row.roles)?;
        let email = (!row.email.is_empty()).then(|| row.email.clone());
        let Ok(member) = self.member(&id).cloned() else {
            return self.add_member(by, NewMember { id, name: row.name.clone(), email, role: row.role, groups, roles });
        };
        if member.name != row.name || member.email != email {
            self.rename_member(by, &id, &row.name, email.as_deref())?;
        }
        if member.role != row.role {
            self.set_member_role(by, &id, row.role)?;
        }
        for group in member.groups.iter().filter(|group| !groups.contains(group)) {
            self.set_in_group(by, group, &id, false)?;
        }
        for group in groups.iter().filter(|group| !member.groups.contains(group)) {
            self.set_in_group(by, group, &id, true)?;
        }
        for role in member.roles.iter().filter(|role| !roles.contains(role)) {
            self.give_role(by, &id, role, false)?;
        }
        for role in roles.iter().filter(|role| !member.roles.contains(role)) {
            self.give_role(by, &id, role, true)?;
        }
        Ok(())
    }

    fn groups_named(&self, names: &[String]) -> Result<Vec<GroupId>, Why> {
        let one = |name: &String| {
            let found = self.groups.iter().find(|group| group.name == *name).map(|group| group.id.clone());
            found.ok_or_else(|| Why::UnknownGroup(name.as_str().into()))
        };
        names.iter().map(one).collect()
    }

    fn roles_named(&self, names: &[String]) -> Result<Vec<RoleId>, Why> {
        let one = |name: &String| {
            let found = self.roles.iter().find(|role| role.name == *name).map(|role| role.id.clone());
            found.ok_or_else(|| Why::UnknownRole(name.as_str().into()))
        };
        names.iter().map(one).collect()
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests;
