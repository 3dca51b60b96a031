//! Chart.yaml in the layout that Helm writes into archives, read line by line as an index is.
//!
//! ASCII alone, each field once and in order; all else is for the caller's parser (`None`).

use super::super::cursor::{self, Cursor};
use super::super::{annotations, maps, scalar, texts};
use super::{Dependency, Maintainer, Metadata};

const FIELDS: usize = 0;
/// Column of the fields of a maintainer or a dependency.
const INNER: usize = 2;

/// Reads a Chart.yaml. All text but that of annotations is printable, and on one line.
pub fn read(text: &[u8]) -> Option<Metadata> {
    let text = str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let mut cursor = Cursor::new(text)?;
    let cursor = &mut cursor;
    let mut fields = Metadata::default();
    let mut last = "";
    while !cursor.is_at_end() {
        let (key, value) = cursor::key_and_value(cursor.body(FIELDS)?)?;
        (key > last).then_some(())?;
        last = key;
        let to = match key {
            "name" => &mut fields.name,
            "home" => &mut fields.home,
            "version" => &mut fields.version,
            "description" => &mut fields.description,
            "icon" => &mut fields.icon,
            "apiVersion" => &mut fields.api_version,
            "condition" => &mut fields.condition,
            "tags" => &mut fields.tags,
            "appVersion" => &mut fields.app_version,
            "kubeVersion" => &mut fields.kube_version,
            "type" => &mut fields.kind,
            _ => {
                fields.other(cursor, key, value)?;
                continue;
            }
        };
        *to = line(cursor, value, FIELDS)?;
    }
    if fields.api_version.is_empty() {
        "v1".clone_into(&mut fields.api_version);
    }
    Some(fields)
}

impl Metadata {
    /// Reads a field that is not text.
    fn other<'t>(&mut self, cursor: &mut Cursor<'t>, key: &str, value: &'t str) -> Option<()> {
        match key {
            "sources" => self.sources = lines(cursor, value, FIELDS)?,
            "keywords" => self.keywords = lines(cursor, value, FIELDS)?,
            "deprecated" => self.deprecated = scalar::flag(cursor, value)?,
            "annotations" => annotations(cursor, value, FIELDS, |key, text| {
                self.annotations.push((key.to_owned(), text.into_owned()));
            })?,
            "maintainers" => maps(cursor, value, FIELDS, |cursor, item, key, value| {
                nth(&mut self.maintainers, item)?.field(cursor, key, value)
            })?,
            "dependencies" => maps(cursor, value, FIELDS, |cursor, item, key, value| {
                let line = cursor.number();
                let is_new = item == self.dependencies.len();
                let dependency = nth(&mut self.dependencies, item)?;
                if is_new {
                    dependency.line = line;
                }
                dependency.field(cursor, key, value)
            })?,
            _ => return None,
        }
        Some(())
    }
}

impl Maintainer {
    fn field<'t>(&mut self, cursor: &mut Cursor<'t>, key: &str, value: &'t str) -> Option<()> {
        let to = match key {
            "email" => &mut self.email,
            "name" => &mut self.name,
            "url" => &mut self.url,
            _ => return None,
        };
        *to = line(cursor, value, INNER)?;
        Some(())
    }
}

impl Dependency {
    fn field<'t>(&mut self, cursor: &mut Cursor<'t>, key: &str, value: &'t str) -> Option<()> {
        let to = match key {
            "alias" => &mut self.alias,
            "condition" => &mut self.condition,
            "name" => &mut self.name,
            "repository" => &mut self.repository,
            "version" => &mut self.version,
            "enabled" => {
                self.enabled = scalar::flag(cursor, value)?;
                return Some(());
            }
            "tags" => {
                self.tags = lines(cursor, value, INNER)?;
                return Some(());
            }
            _ => return None,
        };
        *to = line(cursor, value, INNER)?;
        Some(())
    }
}

/// The item of this index, made if it is the next.
fn nth<T: Default>(items: &mut Vec<Option<T>>, index: usize) -> Option<&mut T> {
    if index == items.len() {
        items.push(Some(T::default()));
    }
    items.get_mut(index)?.as_mut()
}

/// Text that Helm keeps as it is.
fn line<'t>(cursor: &mut Cursor<'t>, value: &'t str, column: usize) -> Option<String> {
    let text = scalar::text(cursor, value, column)?;
    is_line(&text).then(|| text.into_owned())
}

fn lines<'t>(cursor: &mut Cursor<'t>, value: &'t str, column: usize) -> Option<Vec<String>> {
    let mut all = Vec::new();
    texts(cursor, value, column, |text| all.push(text.into_owned()))?;
    all.iter().all(|text| is_line(text)).then_some(all)
}

fn is_line(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
