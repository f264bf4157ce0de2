use net_alb_diag::metrics::process::{
    BUILD_INFO, CPU_SECONDS, MAX_FDS, OPEN_FDS, RESIDENT_MEMORY, START_TIME, THREADS, VIRTUAL_MEMORY,
};
use net_alb_diag::metrics::{Family, Source, Value};
use procfs::ProcResult;
use procfs::process::{LimitValue, Process as Proc};

/// What the system knows of this process. Where it says nothing, numbers are left out.
#[derive(Debug)]
pub struct Process {
    /// The program's version.
    pub version: &'static str,
}

impl Source for Process {
    fn collect(&self, families: &mut Vec<Family>) {
        let mut build = Family::new(&BUILD_INFO);
        build.push(vec![self.version.to_owned()], Value::Count(1));
        families.push(build);
        families.extend(measured().unwrap_or_default());
    }
}

fn measured() -> ProcResult<Vec<Family>> {
    let process = Proc::myself()?;
    let stat = process.stat()?;
    #[allow(clippy::cast_precision_loss, reason = "ticks and seconds are far below 2^52")]
    let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
    let most = match process.limits()?.max_open_files.soft_limit {
        LimitValue::Value(most) => most,
        LimitValue::Unlimited => u64::MAX,
    };
    #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
    let booted = procfs::boot_time_secs()? as f64;
    Ok(vec![
        Family::single(&CPU_SECONDS, Value::Number(seconds(stat.utime + stat.stime))),
        Family::single(&RESIDENT_MEMORY, Value::Count(stat.rss * procfs::page_size())),
        Family::single(&VIRTUAL_MEMORY, Value::Count(stat.vsize)),
        Family::single(&OPEN_FDS, Value::Count(process.fd_count()? as u64)),
        Family::single(&MAX_FDS, Value::Count(most)),
        Family::single(&THREADS, Value::Count(u64::try_from(stat.num_threads).unwrap_or_default())),
        Family::single(&START_TIME, Value::Number(booted + seconds(stat.starttime))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_measured() {
        let mut families = Vec::new();
        Process { version: "1" }.collect(&mut families);
        let value = |name: &str| {
            let family = families.iter().find(|family| family.metric.name == name).unwrap();
            family.samples[0].value.clone()
        };
        let Value::Count(memory) = value("process_resident_memory_bytes") else { panic!("a count") };
        let Value::Number(start) = value("process_start_time_seconds") else { panic!("a number") };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        assert!(memory > 100_000, "{memory}");
        assert!(now - start < 3600.0, "started {start}, now {now}");
        assert_eq!(families.len(), 8);
    }
}
