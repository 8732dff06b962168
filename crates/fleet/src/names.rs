//! What things are called on the queue's server.

use crate::job::JobMark;

/// Names of the streams and subjects of a queue.
#[derive(Clone, Debug)]
pub struct Names {
    queue: String,
}

impl Names {
    /// The names of a queue.
    pub fn new(queue: &str) -> Self {
        Self {
            queue: queue.to_owned(),
        }
    }

    /// The stream of jobs.
    pub fn jobs(&self) -> String {
        format!("undertone-{}", self.queue)
    }

    /// The stream of dead letters.
    pub fn dead(&self) -> String {
        format!("undertone-{}-dead", self.queue)
    }

    /// All subjects of jobs.
    pub fn all_jobs(&self) -> String {
        format!("undertone.{}.job.>", self.queue)
    }

    /// All subjects of dead letters.
    pub fn all_dead(&self) -> String {
        format!("undertone.{}.dead.>", self.queue)
    }

    /// The jobs for a bundle and settings.
    pub fn jobs_of(&self, mark: &JobMark) -> String {
        format!("undertone.{}.job.{}.*", self.queue, mark.key)
    }

    /// A job.
    pub fn job(&self, mark: &str, key: &str) -> String {
        format!("undertone.{}.job.{mark}.{key}", self.queue)
    }

    /// The dead letter of a job.
    pub fn dead_letter(&self, mark: &str, key: &str) -> String {
        format!("undertone.{}.dead.{mark}.{key}", self.queue)
    }

    /// Where workers are asked what they do.
    pub fn ask(&self) -> String {
        format!("undertone.{}.ask", self.queue)
    }

    /// Where workers are told to finish.
    pub fn drain(&self) -> String {
        format!("undertone.{}.drain", self.queue)
    }
}

/// Mark and key of a job, by its subject or that of its dead letter.
pub fn mark_and_key(subject: &str) -> Option<(&str, &str)> {
    let mut parts = subject.rsplitn(3, '.');
    let (key, mark) = (parts.next()?, parts.next()?);
    Some((mark, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_tells_its_job() {
        let names = Names::new("main");
        for subject in [names.job("m", "k"), names.dead_letter("m", "k")] {
            assert_eq!(mark_and_key(&subject), Some(("m", "k")));
        }
    }
}
