//! MERTools' layout, which the method's authors use too: `label.npz` with a dict per split, and
//! for each extractor a folder with `<name>.npy`, or a folder of frames `<name>/<frame>.npy`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::corpus::{matrix, remark, video_of};
use super::npy::{self, Npz};
use super::{Corpus, Features, FormatError, Heading, ReadFeatures};
use undertone_types::{Matrix, Split};

/// The arrays of `label.npz`.
const CORPORA: [(&str, Split); 3] = [
    ("train_corpus", Split::Train),
    ("val_corpus", Split::Val),
    ("test_corpus", Split::Test),
];

/// The folders of features.
#[derive(Clone, Debug)]
pub struct Folders {
    /// Audio features.
    pub audio: PathBuf,
    /// Text features.
    pub text: PathBuf,
    /// Video features.
    pub video: PathBuf,
    /// Features of simulated text, if any.
    pub simulated: Option<PathBuf>,
}

/// A folder of features.
struct Extractor {
    folder: PathBuf,
    /// Names of the utterances that it has features of.
    names: BTreeSet<String>,
    width: usize,
}

struct Reader {
    extractors: [Option<Extractor>; 4],
    names: Vec<String>,
}

/// Reads such a layout: the headers of all files at once, their values on demand.
///
/// # Errors
/// When a file is damaged, or not as wide as the others of its folder; the message names it.
pub fn read_mertools(labels: &Path, folders: &Folders) -> Result<Corpus, FormatError> {
    let (mut headings, mut remarks) = read_labels(labels)?;
    let given = [
        Some(&folders.audio),
        Some(&folders.text),
        Some(&folders.video),
        folders.simulated.as_ref(),
    ];
    let labelled: BTreeSet<&str> = headings.iter().map(|own| own.id.as_str()).collect();
    let mut extractors = [None, None, None, None];
    for (slot, folder) in extractors.iter_mut().zip(given) {
        let Some(folder) = folder else { continue };
        let extractor = Extractor::open(folder)?;
        let stray: Vec<String> = (extractor.names.iter())
            .filter(|name| !labelled.contains(name.as_str()))
            .cloned()
            .collect();
        remarks.extend(remark(
            &format!("no label for features in {}", folder.display()),
            &stray,
        ));
        *slot = Some(extractor);
    }
    let width = |at: usize| {
        extractors[at]
            .as_ref()
            .map_or(0, |own: &Extractor| own.width)
    };
    let widths = [width(0), width(1), width(2)];
    if extractors[3].is_some() && width(3) != widths[1] {
        let reason = format!("simulated text is {} wide, text is {}", width(3), widths[1]);
        return Err(wrong(
            folders.simulated.as_deref().unwrap_or(labels),
            reason,
        ));
    }
    let has_any = |name: &str| {
        extractors
            .iter()
            .flatten()
            .any(|own| own.names.contains(name))
    };
    let without: Vec<String> = (headings.iter().map(|own| &own.id))
        .filter(|id| !has_any(id))
        .cloned()
        .collect();
    remarks.extend(remark("left out, without features", &without));
    headings.retain(|own| has_any(&own.id));
    let named = ["audio", "text", "video", "simulated"].iter().zip(given);
    let named = named.filter_map(|(name, folder)| {
        let folder = folder?.file_name()?.to_string_lossy().into_owned();
        Some(((*name).to_owned(), folder))
    });
    Ok(Corpus {
        widths,
        extractors: named.collect::<BTreeMap<_, _>>(),
        remarks,
        features: Box::new(Reader {
            names: headings.iter().map(|own| own.id.clone()).collect(),
            extractors,
        }),
        headings,
    })
}

/// All labels, and a remark about arrays that are not read.
fn read_labels(path: &Path) -> Result<(Vec<Heading>, Vec<String>), FormatError> {
    let mut npz = Npz::open(path)?;
    let mut headings = Vec::new();
    for (name, split) in CORPORA {
        let Some(stored) = npz.find(name)? else {
            continue;
        };
        let root = stored.root();
        let root =
            root.ok_or_else(|| npz.error(format!("{name}: expected a dict, found numbers")))?;
        for (id, entry) in root.entries()? {
            headings.push(Heading {
                source: video_of(&id).to_owned(),
                label: entry.get("val")?.number()?,
                text: String::new(),
                split,
                id,
            });
        }
    }
    if headings.is_empty() {
        let there = npz.names().join(", ");
        return Err(npz.error(format!(
            "there is no train_corpus, val_corpus or test_corpus, only {there}"
        )));
    }
    let unread: Vec<String> = (npz.names().into_iter())
        .filter(|own| CORPORA.iter().all(|(name, _)| name != own))
        .map(str::to_owned)
        .collect();
    let what = format!(
        "ignored in {}, where only train_corpus, val_corpus and test_corpus are read",
        path.display()
    );
    Ok((headings, remark(&what, &unread).into_iter().collect()))
}

impl Extractor {
    /// Lists a folder, and checks that everything in it has the same width.
    fn open(folder: &Path) -> Result<Self, FormatError> {
        let mut names = BTreeSet::new();
        let mut by_width: BTreeMap<usize, Vec<PathBuf>> = BTreeMap::new();
        for path in list(folder)? {
            let is_folder = path.is_dir();
            let Some(name) = (if is_folder {
                path.file_name()
            } else {
                path.file_stem()
            }) else {
                continue;
            };
            let first = if is_folder {
                list(&path)?.into_iter().find(|file| is_npy(file))
            } else {
                Some(path.clone())
            };
            let Some(first) = first.filter(|first| is_npy(first)) else {
                continue;
            };
            names.insert(name.to_string_lossy().into_owned());
            let [_, width] = sides(&first)?;
            by_width.entry(width).or_default().push(first);
        }
        let usual = by_width.iter().max_by_key(|(_, files)| files.len());
        let Some((&width, _)) = usual else {
            let reason = "it has no .npy files; give the folder of one extractor".to_owned();
            return Err(wrong(folder, reason));
        };
        if let Some((other, files)) = by_width.iter().find(|&(&other, _)| other != width) {
            let reason =
                format!("it is {other} wide, most of its folder {width}; extract it again");
            return Err(wrong(&files[0], reason));
        }
        Ok(Self {
            folder: folder.to_owned(),
            names,
            width,
        })
    }

    fn read(&self, name: &str) -> Result<Matrix, FormatError> {
        if !self.names.contains(name) {
            return Ok(Matrix::empty(self.width));
        }
        let file = self.folder.join(format!("{name}.npy"));
        let frames = self.folder.join(name);
        let files = if frames.is_dir() {
            list(&frames)?
        } else {
            vec![file]
        };
        let mut values = Vec::new();
        for file in files.iter().filter(|file| is_npy(file)) {
            let [_, width] = sides(file)?;
            if width != self.width {
                let expected = self.width;
                return Err(wrong(
                    file,
                    format!("it is {width} wide, its folder {expected}"),
                ));
            }
            let array = npy::open(file)?;
            values.extend(array.rows_f32(0..array.leading())?);
        }
        Ok(matrix(self.width, values))
    }
}

/// What is in a folder, sorted.
fn list(folder: &Path) -> Result<Vec<PathBuf>, FormatError> {
    let read = |source| FormatError::Read {
        path: folder.to_owned(),
        source,
    };
    let entries = std::fs::read_dir(folder).map_err(read)?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(read)?;
    paths.sort();
    Ok(paths)
}

fn is_npy(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "npy")
}

/// Time and width of a file; leading axes of length 1 are ignored.
fn sides(path: &Path) -> Result<[usize; 2], FormatError> {
    let array = npy::open(path)?;
    let mut shape = array.shape();
    while let [1, rest @ ..] = shape
        && rest.len() >= 2
    {
        shape = rest;
    }
    match *shape {
        [width] if width > 0 && array.is_number() => Ok([1, width]),
        [time, width] if width > 0 && array.is_number() => Ok([time, width]),
        _ => {
            let shape = array.shape();
            Err(wrong(
                path,
                format!("expected numbers [time, width] or [width], found shape {shape:?}"),
            ))
        }
    }
}

fn wrong(path: &Path, reason: String) -> FormatError {
    FormatError::Content {
        path: path.to_owned(),
        reason,
    }
}

impl ReadFeatures for Reader {
    fn read(&mut self, at: usize) -> Result<Features, FormatError> {
        let name = &self.names[at];
        let text = self.extractors[1].as_ref().map_or(0, |own| own.width);
        let read = |slot: usize| match &self.extractors[slot] {
            Some(extractor) => extractor.read(name),
            None => Ok(Matrix::empty(text)),
        };
        Ok(Features {
            audio: read(0)?,
            text: read(1)?,
            video: read(2)?,
            simulated: read(3)?,
        })
    }
}
