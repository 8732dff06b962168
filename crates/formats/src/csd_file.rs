//! One computational sequence: `<root>/data/<video>/{features, intervals}`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hdf5_reader::error::Error;
use hdf5_reader::{Dataset, Datatype, H5Type, Hdf5File, OpenOptions};

use super::FormatError;

/// More bytes than the features of any video.
const LIMIT: usize = 1 << 29;

/// An open sequence.
pub(super) struct Sequence {
    path: PathBuf,
    file: Hdf5File,
    /// The group of the videos.
    data: String,
    keys: BTreeSet<String>,
}

/// All rows of a video.
pub(super) struct Rows {
    /// Values per row.
    pub(super) width: usize,
    /// Row-major.
    pub(super) values: Vec<f32>,
    /// Start and end of each row, in seconds.
    pub(super) intervals: Vec<[f64; 2]>,
}

impl Sequence {
    pub(super) fn open(path: &Path) -> Result<Self, FormatError> {
        let failed = |place: &str| {
            let place = place.to_owned();
            move |source| hdf5(path, place, source)
        };
        // A damaged size must not become a huge allocation.
        let options = OpenOptions::default()
            .with_max_read_bytes(LIMIT)
            .with_max_chunk_bytes(LIMIT)
            .with_max_object_header_bytes(LIMIT);
        let file = Hdf5File::open_with_options(path, options).map_err(failed("the heading"))?;
        let root = file.root_group().map_err(failed("the root"))?;
        let (groups, _) = root.member_names().map_err(failed("the root"))?;
        let data = groups.iter().find_map(|group| {
            let data = format!("/{group}/data");
            file.group(&data).is_ok().then_some(data)
        });
        let Some(data) = data else {
            let reason = "it is not a computational sequence: no group has data in it".to_owned();
            let path = path.to_owned();
            return Err(FormatError::Content { path, reason });
        };
        let group = file.group(&data).map_err(failed(&data))?;
        let (keys, _) = group.member_names().map_err(failed(&data))?;
        Ok(Self {
            path: path.to_owned(),
            keys: keys.into_iter().collect(),
            file,
            data,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the videos, sorted.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(String::as_str)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// The width of the first video's features.
    pub(super) fn width(&self) -> Result<usize, FormatError> {
        let Some(first) = self.keys.first() else {
            return Err(self.wrong("it has no videos".to_owned()));
        };
        let (features, place) = self.dataset(first, "features")?;
        match self.sides(&features, &place)? {
            [_, 0] => Err(self.wrong(format!("{place} is 0 wide"))),
            [_, width] => Ok(width),
        }
    }

    /// All rows of a video.
    pub(super) fn read(&self, key: &str) -> Result<Rows, FormatError> {
        let (features, place) = self.dataset(key, "features")?;
        let [rows, width] = self.sides(&features, &place)?;
        let values =
            numbers(&features).map_err(|source| hdf5(&self.path, place.clone(), source))?;
        let (intervals, place) = self.dataset(key, "intervals")?;
        self.sides(&intervals, &place)?;
        let bounds =
            numbers(&intervals).map_err(|source| hdf5(&self.path, place.clone(), source))?;
        let (bounds, rest) = bounds.as_chunks::<2>();
        if bounds.len() != rows || !rest.is_empty() || values.len() != rows * width || width == 0 {
            let count = bounds.len();
            return Err(self.wrong(format!(
                "{place}: {count} intervals for {rows} rows of features"
            )));
        }
        Ok(Rows {
            width,
            values: values.iter().map(|&value| value as f32).collect(),
            intervals: bounds.to_vec(),
        })
    }

    fn dataset(&self, key: &str, name: &str) -> Result<(Dataset, String), FormatError> {
        let place = format!("{}/{key}/{name}", self.data);
        let dataset = self.file.dataset(&place);
        match dataset {
            Ok(dataset) => Ok((dataset, place)),
            Err(source) => Err(hdf5(&self.path, place, source)),
        }
    }

    fn sides(&self, dataset: &Dataset, place: &str) -> Result<[usize; 2], FormatError> {
        let count = dataset.num_elements().unwrap_or(u64::MAX);
        if count > (LIMIT / size_of::<f64>()) as u64 {
            return Err(self.wrong(format!("{place}: {count} values are more than a video has")));
        }
        match *dataset.shape() {
            [rows] => Ok([rows as usize, 1]),
            [rows, width] => Ok([rows as usize, width as usize]),
            ref shape => Err(self.wrong(format!(
                "{place}: expected [rows, width], found shape {shape:?}"
            ))),
        }
    }

    fn wrong(&self, reason: String) -> FormatError {
        FormatError::Content {
            path: self.path.clone(),
            reason,
        }
    }
}

/// All values of a data set, whatever their type.
fn numbers(dataset: &Dataset) -> Result<Vec<f64>, Error> {
    Ok(match *dataset.dtype() {
        Datatype::FloatingPoint { size: 4, .. } => widened::<f32>(dataset)?,
        Datatype::FixedPoint {
            size: 4,
            signed: true,
            ..
        } => widened::<i32>(dataset)?,
        Datatype::FixedPoint {
            size: 8,
            signed: true,
            ..
        } => {
            let values = dataset.read_array::<i64>()?;
            values.into_iter().map(|value| value as f64).collect()
        }
        _ => widened::<f64>(dataset)?,
    })
}

fn widened<T: H5Type + Into<f64>>(dataset: &Dataset) -> Result<Vec<f64>, Error> {
    Ok(dataset
        .read_array::<T>()?
        .into_iter()
        .map(Into::into)
        .collect())
}

fn hdf5(path: &Path, place: String, source: Error) -> FormatError {
    FormatError::Hdf5 {
        path: path.to_owned(),
        place,
        source: Box::new(source),
    }
}
