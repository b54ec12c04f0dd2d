use super::*;
use crate::fixtures::*;
use crate::{Permission, Profile, Setting};

fn rows(text: &str) -> Vec<Row> {
    parse(text).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn problem(text: &str) -> String {
    parse(text).unwrap_err().first().unwrap().to_string()
}

fn ids() -> impl FnMut() -> MemberId {
    let mut next = 0;
    move || {
        next += 1;
        MemberId::from(format!("new-{next}"))
    }
}

fn book() -> Rulebook {
    let mut book = workspace(Profile::Enterprise);
    let owner = MemberId::from("owner");
    book.add_role(&owner, "publishers".into(), "Publishers").unwrap();
    book.set_role(&owner, &"publishers".into(), Permission::Publish, Setting::On).unwrap();
    book
}

#[test]
fn a_workspace_comes_back_from_its_own_list_unchanged() {
    let mut book = book();
    let owner = MemberId::from("owner");
    book.rename_member(&owner, &"member".into(), "=SUM(A1), \"Ada\"\nthe second", Some("ada@example.com")).unwrap();
    book.give_role(&owner, &"dev".into(), &"publishers".into(), true).unwrap();
    let text = book.roster();
    assert!(!text.contains("\n=") && !text.contains(",="), "no cell is a formula: {text}");
    let rows = rows(&text);
    let preview = book.preview_roster(&owner, &rows, true);
    assert_eq!(preview, Preview::default());
    let before = book.clone();
    book.apply_roster(&owner, &rows, true, ids(), NOW).unwrap();
    assert_eq!(book, before);
}

#[test]
fn a_cell_of_somebody_else_that_begins_like_a_formula_is_a_text_and_leaves_as_one() {
    let mut book = book();
    let owner = MemberId::from("owner");
    // As a stranger's program writes it: not guarded, with and without quotes.
    let text = "name,email\n=HYPERLINK(A1),\n\"=1+1, \"\"or\"\" so\",\n+49 Ada,\n-Bob,\n@Eve,\n'Tis Tom,\n";
    let read = rows(text);
    let names: Vec<&str> = read.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["=HYPERLINK(A1)", "=1+1, \"or\" so", "+49 Ada", "-Bob", "@Eve", "'Tis Tom"]);
    assert_eq!(book.preview_roster(&owner, &read, false).added, names, "what would be added is what is there");
    book.apply_roster(&owner, &read, false, ids(), NOW).unwrap();
    assert!(names.iter().all(|name| book.members.iter().any(|member| member.name == *name)));
    // On its way out again no cell begins like one, and it comes back the same.
    let out = book.roster();
    for name in names {
        let guarded = format!("'{}", name.replace('"', "\"\""));
        assert!(out.contains(&guarded), "{guarded} in {out}");
    }
    let cells = out.lines().flat_map(|line| line.split(','));
    assert!(!cells.map(|cell| cell.trim_start_matches('"')).any(csv::is_formula), "{out}");
    assert_eq!(book.preview_roster(&owner, &rows(&out), true), Preview::default());
}

#[test]
fn a_list_says_what_it_would_do_and_does_just_that() {
    let mut book = book();
    let owner = MemberId::from("owner");
    let text = "id,name,email,role,groups,roles\nowner,Olga,olga@example.com,owner,,\nadmin,ADMIN,,admin,,\n\
                member,MEMBER,,admin,Builders,Publishers\n,Ada,ada@example.com,member,Builders,\n";
    let rows = rows(text);
    let preview = book.preview_roster(&owner, &rows, true);
    assert_eq!(preview.added, ["Ada"]);
    assert_eq!(preview.removed, ["DEV"]);
    assert_eq!(preview.changed.len(), 2);
    assert_eq!(preview.changed[1].1, ["from Member to Admin", "groups to Builders", "custom roles to Publishers"]);
    assert!(preview.can_apply());
    book.apply_roster(&owner, &rows, true, ids(), NOW).unwrap();
    let names: Vec<&str> = book.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["Olga", "ADMIN", "MEMBER", "Ada"]);
    let ada = book.member(&"new-1".into()).unwrap();
    assert!(ada.groups == ["builders".into()] && !ada.developer.on, "a list switches nothing on");
    assert!(book.preview_roster(&owner, &rows, true).added.is_empty(), "Ada is known by her mail address now");
}

#[test]
fn x122_a_list_that_is_not_understood_is_refused_by_line() {
    assert_eq!(problem(""), "line 0: the list is empty; its first line names the columns");
    assert!(problem("name,token\nAda,x\n").contains("no column `token`"));
    assert!(problem("name,name\nAda,x\n").contains("each column once"));
    assert!(problem("email\nada@example.com\n").contains("have one called `name`"));
    assert_eq!(problem("name,role\nAda\n"), "line 2: 1 cells where the first line has 2");
    assert!(problem("name,role\nAda,king\n").starts_with("line 2: there is no role `king`"));
    assert!(problem("name,email\nAda,ada\n").starts_with("line 2: `ada` is no mail address"));
    assert!(problem("name\n\u{200b}\n").starts_with("line 2: a name is needed"));
    assert!(problem("name\n\"Ada\n").contains("never closed"));
    assert!(problem("name\nA\"da\n").contains("middle of a cell"));
    assert!(problem("name\n\"Ada\"x\n").contains("after a closing quote"));
    assert!(problem("name,email\nA,a@b.c\nB,A@B.c\n").contains("line 3: `A@B.c` is in the list twice"));
    assert!(problem(&"x".repeat(LARGEST + 1)).contains("larger than 2 MB"));
    let many = format!("name\n{}", "Ada\n".repeat(MOST + 1));
    assert!(problem(&many).contains("10000 can be taken over"));
    let rows = parse("\u{feff}Name\r\n\r\n\"Ada, \"\"the\"\" first\"\r\n").unwrap();
    assert_eq!((rows[0].name.as_str(), rows[0].line), ("Ada, \"the\" first", 3));
}

#[test]
fn the_last_owner_is_not_removed_by_a_list() {
    let mut book = book();
    let owner = MemberId::from("owner");
    let demoted = rows("id,name,role\nowner,OWNER,admin\n");
    let preview = book.preview_roster(&owner, &demoted, false);
    assert_eq!(preview.problems, [Problem { line: 2, what: Why::LastOwner.to_string() }]);
    let without = rows("id,name,role\nadmin,ADMIN,admin\n");
    assert!(!book.preview_roster(&owner, &without, true).can_apply());
    let before = book.clone();
    assert!(book.apply_roster(&owner, &demoted, false, ids(), NOW).is_err());
    assert!(book.apply_roster(&owner, &without, true, ids(), NOW).is_err());
    assert_eq!(book, before, "nothing is half done");
}

#[test]
fn a_list_does_nothing_that_its_reader_may_not() {
    let mut book = book();
    let admin = MemberId::from("admin");
    let owners = rows("id,name,role\nmember,MEMBER,owner\n");
    assert_eq!(book.preview_roster(&admin, &owners, false).problems.len(), 1);
    let plain = rows("name,role\nAda,member\n");
    assert_eq!(book.preview_roster(&"member".into(), &plain, false).problems.len(), 1);
    assert!(book.apply_roster(&"member".into(), &plain, false, ids(), NOW).is_err());
    let unknown = rows("id,name,groups\nghost,Ghost,\n,Ada,Nowhere\n");
    let problems = book.preview_roster(&admin, &unknown, false).problems;
    assert!(problems[0].what.contains("`ghost` is not a member") && problems[1].what.contains("no group `Nowhere`"));
}
