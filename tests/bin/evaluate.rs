//! How well the inventory learns. `cargo xtask eval` builds it, fetches what it needs and runs it.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use tests::evaluation::{Corpus, export, fit, import, schema, templates, vocabulary};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    evaluation: Evaluation,
}

#[derive(Subcommand)]
enum Evaluation {
    /// Path templates
    Templates {
        #[command(flatten)]
        choice: Choice,
        /// Requests to each specification, separated by commas
        #[arg(long, value_delimiter = ',', default_value = "200,2000")]
        requests: Vec<usize>,
        /// List so many wrong and missed templates of each
        #[arg(long, default_value_t = 0)]
        show: usize,
    },
    /// The words that names in paths are made of
    Vocabulary {
        /// The folder `api` of the package
        #[arg(long)]
        folder: PathBuf,
    },
    /// The weights of one of the three judgements of words in paths, as Rust
    Fit {
        /// The folder `api` of the package
        #[arg(long)]
        folder: PathBuf,
        /// 0, 1 or 2
        #[arg(long)]
        judgement: usize,
        /// Specifications drawn by publisher
        #[arg(long)]
        sample: usize,
        /// Specifications of the largest publishers
        #[arg(long)]
        large: usize,
        /// Decides everything that chance decides
        #[arg(long)]
        seed: u64,
    },
    /// Types, formats, required flags and ranges of fields
    Schema {
        #[command(flatten)]
        choice: Choice,
        /// Exchanges of each operation
        #[arg(long, default_value_t = 150)]
        exchanges: usize,
        /// Most operations of a specification
        #[arg(long, default_value_t = 40)]
        operations: usize,
        /// List so many disagreements of each
        #[arg(long, default_value_t = 0)]
        show: usize,
    },
    /// Every specification of the package is read
    Import {
        /// The folder `api` of the package
        #[arg(long)]
        folder: PathBuf,
        /// How the result is written
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// What is exported can be read again; the documents are written for a validator
    Export {
        #[command(flatten)]
        choice: Choice,
        /// Where the documents go
        #[arg(long)]
        into: PathBuf,
        /// Most operations of a specification that are learned
        #[arg(long, default_value_t = 20)]
        operations: usize,
    },
}

/// Which specifications, and how the result is written.
#[derive(clap::Args)]
struct Choice {
    /// The folder `api` of the package
    #[arg(long)]
    folder: PathBuf,
    /// Those with this in their name too; may be given again
    #[arg(long, value_name = "PATTERN")]
    also: Vec<String>,
    /// So many others, drawn by the seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    sample: usize,
    /// Leave out the list of the repository
    #[arg(long)]
    without_list: bool,
    /// Decides everything that chance decides
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

impl Choice {
    /// The names, without repetition.
    fn names(&self, corpus: &Corpus) -> Result<Vec<String>> {
        let mut names = if self.without_list { Vec::new() } else { corpus.chosen()? };
        for pattern in &self.also {
            names.extend(corpus.matching(pattern)?);
        }
        names.extend(corpus.sample(self.sample, self.seed));
        let mut known = std::collections::HashSet::new();
        names.retain(|name| known.insert(name.clone()));
        Ok(names)
    }
}

fn main() -> Result<()> {
    match Arguments::parse().evaluation {
        Evaluation::Templates { choice, requests, show } => {
            let corpus = Corpus::open(&choice.folder)?;
            let setting = templates::Setting { requests, seed: choice.seed, show };
            let mut figures = Vec::new();
            for name in choice.names(&corpus)? {
                figures.push(templates::measure(&corpus, &name, &setting)?);
            }
            match choice.output {
                Output::Text => print!("{}", templates::text(&figures, &setting.requests)),
                Output::Json => println!("{:#}", templates::json(&figures, &setting)),
            }
        }
        Evaluation::Vocabulary { folder } => {
            print!("{}", vocabulary::words(&Corpus::open(&folder)?)?);
        }
        Evaluation::Fit { folder, judgement, sample, large, seed } => {
            let corpus = Corpus::open(&folder)?;
            let names = corpus.training(sample, large, seed);
            print!("{}", fit::fit(&corpus, &names, judgement, seed)?);
        }
        Evaluation::Schema { choice, exchanges, operations, show } => {
            let corpus = Corpus::open(&choice.folder)?;
            let setting = schema::Setting { exchanges, operations, seed: choice.seed, show };
            let mut figures = Vec::new();
            for name in choice.names(&corpus)? {
                figures.push(schema::measure(&corpus, &name, &setting)?);
            }
            match choice.output {
                Output::Text => print!("{}", schema::text(&figures)),
                Output::Json => println!("{:#}", schema::json(&figures, &setting)),
            }
        }
        Evaluation::Import { folder, output } => {
            let corpus = Corpus::open(&folder)?;
            let figures = import::measure(&corpus, &corpus.all())?;
            match output {
                Output::Text => print!("{}", import::text(&figures)),
                Output::Json => println!("{:#}", import::json(&figures)),
            }
        }
        Evaluation::Export { choice, into, operations } => {
            let corpus = Corpus::open(&choice.folder)?;
            let setting = export::Setting { into, operations, seed: choice.seed };
            let mut figures = Vec::new();
            for name in choice.names(&corpus)? {
                figures.push(export::measure(&corpus, &name, &setting)?);
            }
            match choice.output {
                Output::Text => print!("{}", export::text(&figures)),
                Output::Json => println!("{:#}", export::json(&figures)),
            }
        }
    }
    Ok(())
}
