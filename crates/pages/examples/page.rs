//! Makes a page without the rest of the program: `cargo run -p undertone-pages --example page --
//! PAGE.html REPORT|FOLDER…`. For work on the page, and for `make test-pages`.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use undertone_pages::{gather, write_page};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let page = arguments.next().ok_or("name the page and the reports")?;
    let sources = gather(&arguments.collect::<Vec<_>>())?;
    let mut out = BufWriter::new(File::create(&page)?);
    let folder = page.parent().unwrap_or(Path::new("."));
    let made = write_page(&mut out, "Reports", &sources, folder)?;
    out.flush()?;
    println!("{made:?}");
    Ok(())
}
