//! Serves the pages of a folder without the rest of the program: `cargo run -p undertone-live --example
//! serve -- OUT [RECORDINGS]`. The daemon's status is that of `OUT/.undertone/status.json`, if there is one.
//! For work on the pages, and for `make test-pages`. Ends when its standard input does.

use std::error::Error;
use std::io::{Read, stdin};
use std::path::PathBuf;

use undertone_live::Live;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let out = arguments.next().ok_or("name the folder of reports")?;
    let status = out.join(".undertone/status.json");
    let live = Live {
        out,
        recordings: arguments.collect(),
        status: Box::new(move || serde_json::from_slice(&std::fs::read(&status).ok()?).ok()),
    };
    println!("{}", live.serve("127.0.0.1:0")?.url);
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
